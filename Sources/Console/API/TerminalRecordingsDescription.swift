/// The part of the API's description that is about recordings of terminals.
extension APIDescription {
    static let terminalRecordingPaths = #"""
        "/api/v1/sessions/{id}/recordings": {
          "parameters": [{"$ref": "#/components/parameters/id"}],
          "get": {
            "operationId": "listTerminalRecordings",
            "summary": "The recordings of terminals, one for each command that had one, oldest first (console.recordings.read)",
            "parameters": [{"$ref": "#/components/parameters/limit"}, {"$ref": "#/components/parameters/cursor"}],
            "responses": {
              "200": {"description": "A page of recordings", "content": {"application/json": {"schema": {
                "type": "object", "required": ["recordings", "next_cursor"],
                "properties": {
                  "recordings": {"type": "array", "items": {"$ref": "#/components/schemas/TerminalRecording"}},
                  "next_cursor": {"type": ["string", "null"]}
                }
              }}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        "/api/v1/sessions/{id}/recordings/{command}": {
          "parameters": [
            {"$ref": "#/components/parameters/id"},
            {"name": "command", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}
          ],
          "get": {
            "operationId": "showTerminalRecording",
            "summary": "A terminal recording as asciicast v3 (console.recordings.read)",
            "parameters": [
              {"name": "follow", "in": "query", "description": "true: goes on as the recording grows, until its end or that of the caller's token, with a comment line now and then while nothing happens", "schema": {"enum": ["true", "false"], "default": "false"}}
            ],
            "responses": {
              "200": {"description": "The recording, as its file stands: control sequences are what the command wrote", "content": {"application/x-asciicast": {"schema": {"type": "string"}}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        """#

    static let terminalRecordingSchema = #"""
        "TerminalRecording": {
          "type": "object", "required": ["command", "text", "started", "columns", "rows", "bytes", "open"],
          "properties": {
            "command": {"type": "string", "format": "uuid"},
            "text": {"type": ["string", "null"], "description": "The command's text; null for a login shell"},
            "started": {"type": "string", "format": "date-time"},
            "columns": {"type": "integer"}, "rows": {"type": "integer"}, "bytes": {"type": "integer"},
            "open": {"type": "boolean", "description": "Whether it is being written"}
          }
        },
        """#
}
