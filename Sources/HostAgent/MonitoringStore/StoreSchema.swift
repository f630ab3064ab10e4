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
                    -- id: StoreRow, of a GPU and minutes since 1970. A table by rowid and not by (gpu, start): those without one
                    -- spill each row of more than a quarter of a page into pages of its own. data: MinuteOfSamples.
                    CREATE TABLE sample(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
                    -- id: the same; data: SampleSummary.
                    CREATE TABLE minute(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
                    -- id: the same, of the hour's begin.
                    CREATE TABLE hour(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
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
