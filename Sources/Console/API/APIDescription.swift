/// The API as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), written by hand; a test holds it against the routes.
enum APIDescription {
    static let text = #"""
        {
          "openapi": "3.1.1",
          "info": {
            "title": "Sallyport console",
            "version": "1",
            "description": "Approvals, sessions, audit log and policies of a gateway. What a caller may do is decided by the gateway's policies, by the action named with each operation; every error is a problem document (RFC 9457)."
          },
          "security": [{"bearer": []}],
          "paths": {
            "/api/v1/approvals": {
              "get": {
                "operationId": "listApprovals",
                "summary": "Tickets, newest first (console.approvals.read; requester=me needs none)",
                "parameters": [
                  {"name": "state", "in": "query", "schema": {"enum": ["pending", "approved", "rejected", "expired", "redeemed"]}},
                  {"name": "requester", "in": "query", "schema": {"enum": ["me"]}},
                  {"name": "target", "in": "query", "schema": {"type": "string"}},
                  {"$ref": "#/components/parameters/limit"},
                  {"$ref": "#/components/parameters/cursor"}
                ],
                "responses": {
                  "200": {"description": "A page of tickets", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["approvals", "next_cursor"],
                    "properties": {
                      "approvals": {"type": "array", "items": {"$ref": "#/components/schemas/Approval"}},
                      "next_cursor": {"type": ["string", "null"]}
                    }
                  }}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/approvals/{id}": {
              "parameters": [{"$ref": "#/components/parameters/id"}],
              "get": {
                "operationId": "showApproval",
                "summary": "One ticket (console.approvals.read; one's own needs none)",
                "responses": {
                  "200": {"$ref": "#/components/responses/approval"},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/approvals/{id}/approve": {
              "parameters": [{"$ref": "#/components/parameters/id"}],
              "post": {
                "operationId": "approve",
                "summary": "Approve as the caller (console.approvals.decide, and in a group that the ticket asks for)",
                "requestBody": {"$ref": "#/components/requestBodies/justification"},
                "responses": {
                  "200": {"$ref": "#/components/responses/approval"},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/approvals/{id}/reject": {
              "parameters": [{"$ref": "#/components/parameters/id"}],
              "post": {
                "operationId": "reject",
                "summary": "Reject as the caller; one rejection ends the ticket (console.approvals.decide)",
                "requestBody": {"$ref": "#/components/requestBodies/justification"},
                "responses": {
                  "200": {"$ref": "#/components/responses/approval"},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/sessions": {
              "get": {
                "operationId": "listSessions",
                "summary": "Sessions, newest first (console.sessions.read)",
                "parameters": [
                  {"name": "caller", "in": "query", "description": "Subject or label", "schema": {"type": "string"}},
                  {"name": "target", "in": "query", "schema": {"type": "string"}},
                  {"name": "from", "in": "query", "schema": {"type": "string", "format": "date-time"}},
                  {"name": "to", "in": "query", "schema": {"type": "string", "format": "date-time"}},
                  {"$ref": "#/components/parameters/limit"},
                  {"$ref": "#/components/parameters/cursor"}
                ],
                "responses": {
                  "200": {"description": "A page of sessions", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["sessions", "next_cursor"],
                    "properties": {
                      "sessions": {"type": "array", "items": {"$ref": "#/components/schemas/Session"}},
                      "next_cursor": {"type": ["string", "null"]}
                    }
                  }}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/sessions/{id}": {
              "parameters": [{"$ref": "#/components/parameters/id"}],
              "get": {
                "operationId": "showSession",
                "summary": "One session (console.sessions.read)",
                "responses": {
                  "200": {"description": "The session", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/sessions/{id}/recording": {
              "parameters": [{"$ref": "#/components/parameters/id"}],
              "get": {
                "operationId": "showRecording",
                "summary": "What was recorded, masked, one JSON object a line (console.recordings.read)",
                "responses": {
                  "200": {"description": "The recording", "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            \#(sessionEntriesPath)
            \#(terminalRecordingPaths)
            \#(originalsPaths)
            \#(retentionPaths)
            "/api/v1/sessions/{id}/terminate": {
              "parameters": [{"$ref": "#/components/parameters/id"}],
              "post": {
                "operationId": "terminateSession",
                "summary": "End an open session (console.sessions.terminate)",
                "requestBody": {"$ref": "#/components/requestBodies/justification"},
                "responses": {
                  "200": {"description": "It is ended", "content": {"application/json": {"schema": {"type": "object", "properties": {"id": {"type": "string"}, "terminated": {"const": true}}}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/audit/checkpoint": {
              "get": {
                "operationId": "showCheckpoint",
                "summary": "The newest checkpoint, a C2SP signed note (console.audit.read)",
                "responses": {
                  "200": {"description": "The checkpoint", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["note", "origin", "size", "root_hash"],
                    "properties": {
                      "note": {"type": "string"}, "origin": {"type": "string"}, "size": {"type": "integer"},
                      "root_hash": {"type": "string", "contentEncoding": "base64"}
                    }
                  }}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/audit/entries": {
              "get": {
                "operationId": "listEntries",
                "summary": "Entries in the order of the log (console.audit.read)",
                "parameters": [
                  {"name": "from", "in": "query", "description": "Index of the first", "schema": {"type": "integer", "minimum": 0}},
                  {"$ref": "#/components/parameters/limit"},
                  {"$ref": "#/components/parameters/cursor"}
                ],
                "responses": {
                  "200": {"description": "A page of entries", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["entries", "next_cursor"],
                    "properties": {
                      "entries": {"type": "array", "items": {"$ref": "#/components/schemas/Entry"}},
                      "next_cursor": {"type": ["string", "null"]}
                    }
                  }}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/audit/entries/{entry}": {
              "parameters": [{"name": "entry", "in": "path", "required": true, "description": "Its index or its id", "schema": {"type": "string"}}],
              "get": {
                "operationId": "showEntry",
                "summary": "One entry (console.audit.read)",
                "responses": {
                  "200": {"description": "The entry", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Entry"}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            \#(auditSearchPath)
            "/api/v1/policy": {
              "get": {
                "operationId": "showPolicy",
                "summary": "The policies in force (console.policy.read)",
                "responses": {
                  "200": {"description": "The policies", "content": {"application/json": {"schema": {"type": "object"}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/policy/reload": {
              "post": {
                "operationId": "reloadPolicy",
                "summary": "Load the policies again; those in force stay when the new ones have errors (console.policy.reload)",
                "responses": {
                  "200": {"description": "They are in force", "content": {"application/json": {"schema": {"type": "object", "properties": {"digest": {"type": "string"}, "changed": {"type": "boolean"}}}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/me": {
              "get": {
                "operationId": "showMe",
                "summary": "Who the caller is, as the gateway sees it",
                "responses": {
                  "200": {"description": "The caller", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["issuer", "subject", "label", "groups", "expires_at"],
                    "properties": {
                      "issuer": {"type": "string"}, "subject": {"type": "string"}, "label": {"type": ["string", "null"]},
                      "groups": {"type": ["array", "null"], "items": {"type": "string"}},
                      "groups_unknown": {"type": "string"}, "expires_at": {"type": "string", "format": "date-time"}
                    }
                  }}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/api/v1/credentials": {
              "post": {
                "operationId": "issueCredential",
                "summary": "A user name and password that stand for the caller's token as long as it lasts, for programs that speak SCRAM",
                "responses": {
                  "200": {"description": "The credential, shown once", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["name", "secret", "expires_at"],
                    "properties": {
                      "name": {"type": "string"}, "secret": {"type": "string"},
                      "expires_at": {"type": "string", "format": "date-time"}
                    }
                  }}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            \#(sshKeyPaths)
            "/api/v1/audit/schema": {
              "get": {
                "operationId": "describeEntries",
                "summary": "What entries of the audit log say, kind by kind, as `sallyport audit schema` prints it",
                "security": [],
                "responses": {"200": {"description": "JSON Schema, draft 2020-12", "content": {"application/json": {"schema": {"type": "object"}}}}}
              }
            },
            "/api/v1/openapi.json": {
              "get": {
                "operationId": "describe",
                "summary": "This description",
                "security": [],
                "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}}
              }
            },
            "/healthz": {
              "get": {
                "operationId": "isAlive",
                "summary": "Whether the process answers",
                "security": [],
                "responses": {"200": {"description": "It does", "content": {"application/json": {"schema": {"type": "object"}}}}}
              }
            },
            "/readyz": {
              "get": {
                "operationId": "isReady",
                "summary": "Whether the gateway can serve; names the parts that cannot",
                "security": [],
                "responses": {
                  "200": {"description": "It can", "content": {"application/json": {"schema": {"type": "object"}}}},
                  "503": {"description": "It cannot", "content": {"application/json": {"schema": {"type": "object", "properties": {"failing": {"type": "array", "items": {"type": "string"}}}}}}}
                }
              }
            },
            "/metrics": {
              "get": {
                "operationId": "readMetrics",
                "summary": "Numbers in the text format of Prometheus: how far the audit log's sinks are behind it",
                "security": [],
                "responses": {"200": {"description": "The numbers", "content": {"text/plain": {"schema": {"type": "string"}}}}}
              }
            },
            "/tlog/checkpoint": {
              "get": {
                "operationId": "readCheckpoint",
                "summary": "The checkpoint as C2SP tlog-tiles serves it (console.audit.read, unless opened)",
                "responses": {
                  "200": {"description": "A signed note", "content": {"text/plain": {"schema": {"type": "string"}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            },
            "/tlog/tile/{tile}": {
              "parameters": [{"name": "tile", "in": "path", "required": true, "description": "C2SP tlog-tiles: 0/x001/234, entries/000.p/17", "schema": {"type": "string"}}],
              "get": {
                "operationId": "readTile",
                "summary": "A tile of hashes or a bundle of entries (console.audit.read; hashes may be opened)",
                "responses": {
                  "200": {"description": "The file", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
                  "default": {"$ref": "#/components/responses/problem"}
                }
              }
            }
          },
          "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "parameters": {
              "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
              "limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}},
              "cursor": {"name": "cursor", "in": "query", "description": "next_cursor of the page before", "schema": {"type": "string"}}
            },
            "requestBodies": {
              "justification": {
                "required": true,
                "content": {"application/json": {"schema": {
                  "type": "object", "required": ["justification"], "additionalProperties": false,
                  "properties": {"justification": {"type": "string", "minLength": 1, "maxLength": 2000}}
                }}}
              }
            },
            "responses": {
              "approval": {"description": "The ticket", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Approval"}}}},
              "problem": {"description": "What went wrong", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
            },
            "schemas": {
              "Party": {
                "type": "object", "required": ["issuer", "subject", "label"],
                "properties": {"issuer": {"type": "string"}, "subject": {"type": "string"}, "label": {"type": ["string", "null"]}}
              },
              "Approval": {
                "type": "object",
                "required": ["id", "state", "requester", "target", "digest", "summary", "summary_cut", "justification", "requirements", "approvals_needed", "approvals_given", "uses", "window_seconds", "created_at", "expires_at", "decisions"],
                "properties": {
                  "id": {"type": "string", "format": "uuid"},
                  "state": {"enum": ["pending", "approved", "rejected", "expired", "redeemed"]},
                  "requester": {"$ref": "#/components/schemas/Party"},
                  "target": {"type": "string"},
                  "digest": {"type": "string", "description": "SHA-256 of the one command, in hexadecimal"},
                  "summary": {"type": "string"},
                  "summary_cut": {"type": "boolean", "description": "The summary shows only the beginning"},
                  "justification": {"type": "string"},
                  "requirements": {"type": "array", "items": {
                    "type": "object", "required": ["approvers", "groups", "within_seconds", "window_seconds"],
                    "properties": {
                      "approvers": {"type": "integer"}, "groups": {"type": "array", "items": {"type": "string"}},
                      "within_seconds": {"type": "integer"}, "window_seconds": {"type": ["integer", "null"]}
                    }
                  }},
                  "approvals_needed": {"type": "integer"},
                  "approvals_given": {"type": "integer"},
                  "uses": {"type": "integer"},
                  "window_seconds": {"type": ["integer", "null"]},
                  "created_at": {"type": "string", "format": "date-time"},
                  "expires_at": {"type": "string", "format": "date-time"},
                  "decisions": {"type": "array", "items": {
                    "type": "object", "required": ["approver", "groups", "verdict", "justification", "time"],
                    "properties": {
                      "approver": {"$ref": "#/components/schemas/Party"},
                      "groups": {"type": "array", "items": {"type": "string"}},
                      "verdict": {"enum": ["approve", "reject"]},
                      "justification": {"type": "string"},
                      "time": {"type": "string", "format": "date-time"}
                    }
                  }}
                }
              },
              "Session": {
                "type": "object",
                "required": ["id", "caller", "target", "kind", "client", "started", "ended", "end_reason", "commands", "refused", "failed", "masked", "recording_sha256"],
                "properties": {
                  "id": {"type": "string", "format": "uuid"},
                  "caller": {"$ref": "#/components/schemas/Party"},
                  "target": {"type": "string"}, "kind": {"type": "string"}, "client": {"type": "string"},
                  "started": {"type": "string", "format": "date-time"},
                  "ended": {"type": ["string", "null"], "format": "date-time"},
                  "end_reason": {"type": ["string", "null"]},
                  "commands": {"type": "integer"}, "refused": {"type": "integer"}, "failed": {"type": "integer"},
                  "masked": {"type": "integer"}, "recording_sha256": {"type": ["string", "null"]}
                }
              },
              \#(sshKeySchema)
              \#(terminalRecordingSchema)
              \#(holdSchema)
              "Entry": {
                "type": "object", "required": ["index", "entry"],
                "properties": {"index": {"type": "integer"}, "entry": {"type": "object"}}
              },
              "Problem": {
                "type": "object", "required": ["type", "title", "status", "code", "detail", "rule", "next_step"],
                "properties": {
                  "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
                  "code": {"type": "string"}, "detail": {"type": "string"},
                  "rule": {"type": "string", "description": "What decided: a policy's name, or the code"},
                  "next_step": {"type": "string"}
                }
              }
            }
          }
        }
        """#
}
