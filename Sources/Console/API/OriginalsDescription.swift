extension APIDescription {
    /// Sealed originals, as a part of `paths`.
    static let originalsPaths = #"""
            "/api/v1/sessions/{id}/originals": {
              "parameters": [{"$ref": "#/components/parameters/id"}],
              "post": {
                "operationId": "takeOriginals",
                "summary": "What masking took from a session's answers, sealed to the auditor's key; who takes it and why is recorded (console.originals.read)",
                "requestBody": {"required": true, "content": {"application/json": {"schema": {
                  "type": "object", "required": ["command", "justification", "part"], "additionalProperties": false,
                  "properties": {
                    "command": {"type": "string", "format": "uuid"}, "justification": {"type": "string"},
                    "part": {"type": "string", "description": "The number of the session's file, as the log names it for this command; it is given whole, with the originals of all commands in it"}
                  }
                }}}},
                "responses": {
                  "200": {"description": "The file", "content": {"application/octet-stream": {"schema": {"type": "string"}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
        """#
}
