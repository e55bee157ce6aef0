/// The part of the API's description that is about retention.
extension APIDescription {
    static let retentionPaths = #"""
        "/api/v1/retention": {
          "get": {
            "operationId": "showRetention",
            "summary": "When which evidence is deleted, under which rule (console.retention.read)",
            "responses": {
              "200": {"description": "The plan", "content": {"application/json": {"schema": {
                "type": "object", "required": ["plan", "trusted_time"],
                "properties": {
                  "plan": {"type": "array", "items": {
                    "type": "object",
                    "required": ["target", "kind", "period", "key", "rule", "due", "files", "held", "is_due"],
                    "properties": {
                      "target": {"type": "string"}, "kind": {"enum": ["payloads", "originals", "recordings"]},
                      "period": {"type": "string"}, "key": {"type": "string", "format": "uuid"},
                      "rule": {"type": ["string", "null"]}, "due": {"type": ["string", "null"], "format": "date-time"},
                      "files": {"type": "integer"}, "held": {"type": "integer"}, "is_due": {"type": "boolean"}
                    }
                  }},
                  "trusted_time": {"type": ["string", "null"], "format": "date-time", "description": "The time that deletions go by; null until the gateway has run for the grace"}
                }
              }}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        "/api/v1/retention/holds": {
          "get": {
            "operationId": "listHolds",
            "summary": "The legal holds in force (console.retention.read)",
            "responses": {
              "200": {"description": "The holds", "content": {"application/json": {"schema": {
                "type": "object", "required": ["holds"],
                "properties": {"holds": {"type": "array", "items": {"$ref": "#/components/schemas/Hold"}}}
              }}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          },
          "post": {
            "operationId": "addHold",
            "summary": "Keep the evidence of a session or of a caller, whatever the rules say (console.holds.add)",
            "requestBody": {"required": true, "content": {"application/json": {"schema": {
              "type": "object", "required": ["reason"],
              "properties": {
                "session": {"type": "string", "format": "uuid"}, "issuer": {"type": "string"},
                "subject": {"type": "string"}, "reason": {"type": "string"}
              }
            }}}},
            "responses": {
              "200": {"description": "It is in force; a session that the log does not know is a problem with the code not-found", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Hold"}}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        "/api/v1/retention/holds/{id}/release": {
          "parameters": [{"$ref": "#/components/parameters/id"}],
          "post": {
            "operationId": "releaseHold",
            "summary": "End a hold: what it kept goes when it is due (console.holds.release)",
            "requestBody": {"required": true, "content": {"application/json": {"schema": {
              "type": "object", "required": ["reason"], "properties": {"reason": {"type": "string"}}
            }}}},
            "responses": {
              "200": {"description": "It is ended", "content": {"application/json": {"schema": {"type": "object", "properties": {"hold": {"type": "string"}, "released": {"const": true}}}}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        """#

    static let holdSchema = #"""
        "Hold": {
          "type": "object", "required": ["hold", "by", "reason", "since"],
          "properties": {
            "hold": {"type": "string", "format": "uuid"}, "held_session": {"type": "string", "format": "uuid"},
            "held_caller": {"type": "object", "properties": {"issuer": {"type": "string"}, "subject": {"type": "string"}}},
            "by": {"type": "object", "properties": {"issuer": {"type": "string"}, "subject": {"type": "string"}}},
            "reason": {"type": "string"}, "since": {"type": "string", "format": "date-time"},
            "sessions": {"type": ["integer", "null"], "description": "In the answer to adding it: how many sessions it covers now; null where they cannot be counted"},
            "files": {"type": ["integer", "null"], "description": "In the answer to adding it: how many files it covers that are sealed by now"}
          }
        },
        """#
}
