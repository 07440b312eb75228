"""The SQLite truth: connections and the one writer, migrations, and a file for each table's rows."""
