import GRDB

/// The tables, by version: each change is a migration of its own, and none is ever changed.
enum FleetSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    -- record: GuestRecord as JSON; golden stands in it too, for finding images that nobody uses.
                    CREATE TABLE guest(
                        fleet TEXT NOT NULL, name TEXT NOT NULL, golden TEXT NOT NULL, record BLOB NOT NULL,
                        PRIMARY KEY(fleet, name)) WITHOUT ROWID;
                    CREATE INDEX guest_golden ON guest(golden);
                    """)
        }
        return migrator
    }
}
