import java.sql.*;
import java.util.*;

/** Runs the same statements with PostgreSQL's JDBC driver and prints what it gives; the connection is in PG* variables. */
public class PostgresValues {
    public static void main(String[] arguments) throws Exception {
        Map<String, String> environment = System.getenv();
        String url = "jdbc:postgresql://" + environment.get("PGHOST") + ":" + environment.get("PGPORT") + "/"
            + environment.get("PGDATABASE");
        Properties properties = new Properties();
        properties.setProperty("user", environment.get("PGUSER"));
        properties.setProperty("password", environment.get("PGPASSWORD"));
        properties.setProperty("sslmode", "disable");
        for (String mode : List.of("extended", "simple", "extendedForPrepared", "extendedCacheEverything")) {
            properties.setProperty("preferQueryMode", mode);
            try (Connection connection = DriverManager.getConnection(url, properties)) {
                values(connection);
                fetchSize(connection);
                batch(connection);
                errors(connection);
                largeObjects(connection);
                copy(connection);
            }
        }
    }

    static void show(ResultSet rows) throws SQLException {
        ResultSetMetaData shape = rows.getMetaData();
        while (rows.next()) {
            StringBuilder line = new StringBuilder();
            for (int column = 1; column <= shape.getColumnCount(); column++)
                line.append(shape.getColumnName(column)).append('=').append(rows.getString(column)).append(' ');
            System.out.println(line);
        }
    }

    static void values(Connection connection) throws SQLException {
        // More often than the driver's threshold, after which it prepares on the server and asks for binary.
        for (int round = 0; round < 7; round++) {
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT ?::int4 + 1 AS n, ?::text AS t, ?::numeric AS d, now() IS NOT NULL AS b, NULL::text AS e, "
                        + "'2026-11-23'::date AS day, ARRAY[1,2] AS list")) {
                statement.setInt(1, 41);
                statement.setString(2, "ä€😀");
                statement.setBigDecimal(3, new java.math.BigDecimal("12345678901234567890.123456789"));
                show(statement.executeQuery());
            }
        }
    }

    static void fetchSize(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement statement = connection.prepareStatement("SELECT id, name FROM customers WHERE id <= ? ORDER BY id")) {
            statement.setFetchSize(7);
            statement.setInt(1, 30);
            show(statement.executeQuery());
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    static void batch(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO scratch VALUES (?, ?)")) {
            for (int row = 0; row < 20; row++) {
                statement.setInt(1, row);
                statement.setString(2, "row " + row);
                statement.addBatch();
            }
            System.out.println(Arrays.toString(statement.executeBatch()));
        }
        try (Statement statement = connection.createStatement()) {
            show(statement.executeQuery("SELECT count(*) FROM scratch WHERE note LIKE 'row %'"));
        }
        connection.rollback();
        connection.setAutoCommit(true);
    }

    static void errors(Connection connection) throws SQLException {
        for (String text : List.of("SELECT 1/0", "SELECT nothing FROM customers", "SELEC 1")) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(text);
            } catch (SQLException error) {
                System.out.println(error.getSQLState() + " " + error.getMessage());
            }
        }
    }

    static void largeObjects(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        var objects = connection.unwrap(org.postgresql.PGConnection.class).getLargeObjectAPI();
        long number = objects.createLO();
        try (var object = objects.open(number, org.postgresql.largeobject.LargeObjectManager.READWRITE)) {
            object.write(new byte[] {1, 2, 3, 4, 5});
            object.seek(1);
            System.out.println(Arrays.toString(object.read(3)));
        }
        objects.delete(number);
        connection.rollback();
        connection.setAutoCommit(true);
    }

    static void copy(Connection connection) throws Exception {
        var copying = connection.unwrap(org.postgresql.PGConnection.class).getCopyAPI();
        var out = new java.io.StringWriter();
        System.out.println(copying.copyOut("COPY (SELECT id, name FROM customers ORDER BY id) TO STDOUT", out));
        System.out.print(out);
        connection.setAutoCommit(false);
        System.out.println(copying.copyIn("COPY scratch FROM STDIN", new java.io.StringReader("1\tone\n2\ttwo\n")));
        connection.rollback();
        connection.setAutoCommit(true);
    }
}
