/// Functions whose call does more than compute a value.
struct EffectfulFunctions: Hashable, Sendable {
    enum Kind: Sendable, Hashable {
        /// It reads or changes something outside the tables of the statement.
        case effect
        /// It runs SQL given as a text, or reads tables named by one: nobody can say what it does.
        case runsText
        /// It changes settings of the session.
        case changesSettings
        case notifies
    }

    private var kinds: [String: Kind]

    /// - Parameter more: `schema.name` or `name` of further ones.
    init(more: [String] = []) {
        kinds = Self.known
        for name in more { kinds[name.lowercased()] = .effect }
    }

    /// - Parameter name: As it is called: one part, or schema and name.
    func kind(of name: [String]) -> Kind? {
        guard let last = name.last else { return nil }
        return kinds[name.joined(separator: ".")] ?? kinds[last]
    }

    private static let known: [String: Kind] = {
        var kinds: [String: Kind] = [:]
        func add(_ kind: Kind, _ names: String) {
            for name in names.split(separator: " ") { kinds[String(name)] = kind }
        }
        // Files of the server.
        add(
            .effect,
            "pg_read_file pg_read_binary_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_archive_statusdir pg_ls_tmpdir "
                + "pg_stat_file pg_current_logfile pg_file_write pg_file_sync pg_file_rename pg_file_unlink pg_logdir_ls"
        )
        // Large objects.
        add(
            .effect,
            "lo_import lo_export lo_creat lo_create lo_open lo_close lo_read lo_write loread lowrite lo_get lo_put "
                + "lo_from_bytea lo_unlink lo_truncate lo_truncate64 lo_lseek lo_lseek64 lo_tell lo_tell64")
        // The server and its other sessions.
        add(
            .effect,
            "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_log_backend_memory_contexts "
                + "pg_switch_wal pg_create_restore_point pg_promote pg_start_backup pg_stop_backup pg_backup_start "
                + "pg_backup_stop pg_wal_replay_pause pg_wal_replay_resume pg_stat_reset pg_stat_reset_shared "
                + "pg_stat_reset_single_table_counters pg_stat_statements_reset pg_import_system_collations setval "
                + "pg_export_snapshot pg_nextoid pg_set_wal_replay_pause binary_upgrade_set_next_pg_type_oid "
                + "brin_summarize_new_values gin_clean_pending_list pg_prewarm pg_truncate_visibility_map")
        // Replication.
        add(
            .effect,
            "pg_create_physical_replication_slot pg_create_logical_replication_slot pg_drop_replication_slot "
                + "pg_copy_physical_replication_slot pg_copy_logical_replication_slot pg_logical_slot_get_changes "
                + "pg_logical_slot_peek_changes pg_logical_slot_get_binary_changes pg_logical_slot_peek_binary_changes "
                + "pg_replication_slot_advance pg_logical_emit_message pg_replication_origin_create "
                + "pg_replication_origin_drop pg_replication_origin_session_setup pg_replication_origin_xact_setup")
        add(
            .runsText,
            "query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml "
                + "table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema "
                + "schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema database_to_xml_and_xmlschema "
                + "ts_stat ts_rewrite dblink dblink_exec dblink_connect dblink_connect_u dblink_open dblink_fetch "
                + "dblink_send_query dblink_get_result crosstab crosstab2 crosstab3 crosstab4 crosstabn connectby "
                + "xpath_table execute_query pg_get_tabledef pg_catalog.pg_restore_relation_stats")
        add(.changesSettings, "set_config")
        add(.notifies, "pg_notify")
        return kinds
    }()
}
