import GRDB

/// The tables, by version: each change is a migration of its own, and none is ever changed.
enum StoreSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    -- A GPU of a machine, by its number there.
                    CREATE TABLE gpu(
                        id INTEGER PRIMARY KEY, machine TEXT NOT NULL, number INTEGER NOT NULL, uuid TEXT,
                        UNIQUE(machine, number));
                    -- GPUFact's key; the numbers are this database's own.
                    CREATE TABLE fact(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
                    -- start: minutes since 1970; data: MinuteOfSamples.
                    CREATE TABLE sample(
                        gpu INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL,
                        PRIMARY KEY(gpu, start)) WITHOUT ROWID;
                    -- start: minutes since 1970; data: SampleSummary.
                    CREATE TABLE minute(
                        gpu INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL,
                        PRIMARY KEY(gpu, start)) WITHOUT ROWID;
                    -- start: minutes since 1970, of the hour's begin.
                    CREATE TABLE hour(
                        gpu INTEGER NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL,
                        PRIMARY KEY(gpu, start)) WITHOUT ROWID;
                    -- time: milliseconds since 1970; kind: xid, sampler, link.
                    CREATE TABLE event(
                        id INTEGER PRIMARY KEY, time INTEGER NOT NULL, machine TEXT NOT NULL, kind TEXT NOT NULL,
                        code INTEGER, pci TEXT, text TEXT NOT NULL);
                    CREATE INDEX event_time ON event(time);
                    """)
        }
        return migrator
    }
}
