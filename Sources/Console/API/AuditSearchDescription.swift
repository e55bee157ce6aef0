/// The part of the API's description that is about finding entries of the audit log.
extension APIDescription {
    static let auditSearchPath = #"""
        "/api/v1/audit/search": {
          "get": {
            "operationId": "searchEntries",
            "summary": "Entries that match all that is asked for, newest first (console.audit.read)",
            "parameters": [
              {"name": "caller", "in": "query", "description": "Subject or label of the caller, of who took a step on a ticket, or of whose ticket it is; what a session's entry does not say is its caller's", "schema": {"type": "string"}},
              {"name": "target", "in": "query", "schema": {"type": "string"}},
              {"name": "action", "in": "query", "description": "One of a command's actions, or one at the console", "schema": {"type": "string"}},
              {"name": "rule", "in": "query", "description": "One of the policies that decided", "schema": {"type": "string"}},
              {"name": "decision", "in": "query", "schema": {"enum": ["allow", "deny", "approval"]}},
              {"name": "kind", "in": "query", "description": "One or more that the schema has, with commas between", "schema": {"type": "string"}},
              {"name": "session", "in": "query", "schema": {"type": "string", "format": "uuid"}},
              {"name": "from", "in": "query", "schema": {"type": "string", "format": "date-time"}},
              {"name": "to", "in": "query", "description": "Before this; later than from", "schema": {"type": "string", "format": "date-time"}},
              {"name": "text", "in": "query", "description": "Stands anywhere in the entry, upper and lower case as they are; one answer covers a part of the log, perhaps with no entries, and next_cursor goes on", "schema": {"type": "string"}},
              {"$ref": "#/components/parameters/limit"},
              {"$ref": "#/components/parameters/cursor"}
            ],
            "responses": {
              "200": {"description": "A page of entries", "content": {"application/json": {"schema": {
                "type": "object", "required": ["entries", "next_cursor", "size"],
                "properties": {
                  "entries": {"type": "array", "items": {"$ref": "#/components/schemas/Entry"}},
                  "next_cursor": {"type": ["string", "null"], "description": "Index of the first entry that was looked at; null when all were"},
                  "size": {"type": "integer", "description": "Entries that the log has"}
                }
              }}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        """#

    static let sessionEntriesPath = #"""
        "/api/v1/sessions/{id}/entries": {
          "parameters": [{"$ref": "#/components/parameters/id"}],
          "get": {
            "operationId": "listSessionEntries",
            "summary": "What the audit log tells of the session, one entry a line in the order of the log (console.recordings.read)",
            "responses": {
              "200": {"description": "The entries, exactly the bytes that the log's tree covers", "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        """#
}
