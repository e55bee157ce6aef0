/// The part of the API's description that `SSHKeysAPI` serves.
extension APIDescription {
    static let sshKeyPaths = #"""
        "/api/v1/ssh-keys": {
          "get": {
            "operationId": "listSSHKeys",
            "summary": "The caller's registered SSH keys, the oldest first",
            "responses": {
              "200": {"description": "The keys", "content": {"application/json": {"schema": {
                "type": "object", "required": ["keys"],
                "properties": {"keys": {"type": "array", "items": {"$ref": "#/components/schemas/SSHKey"}}}
              }}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          },
          "post": {
            "operationId": "registerSSHKey",
            "summary": "Let whoever holds the private key be the caller as long as their token lasts; again, to renew it",
            "requestBody": {
              "required": true,
              "content": {"application/json": {"schema": {
                "type": "object", "required": ["public_key", "signature"], "additionalProperties": false,
                "properties": {
                  "public_key": {"type": "string", "description": "The line of the .pub file"},
                  "signature": {"type": "string", "description": "By that key over the bearer token as it stands: printf %s \"$TOKEN\" | ssh-keygen -Y sign -f KEY -n sallyport-ssh-key"}
                }
              }}}
            },
            "responses": {
              "201": {"description": "It is registered", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SSHKey"}}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        "/api/v1/ssh-keys/{fingerprint}": {
          "parameters": [{"name": "fingerprint", "in": "path", "required": true, "description": "As OpenSSH shows it, SHA256:…", "schema": {"type": "string"}}],
          "delete": {
            "operationId": "forgetSSHKey",
            "summary": "Take a key of the caller's away; connections that it has opened go on",
            "responses": {
              "200": {"description": "It is forgotten", "content": {"application/json": {"schema": {"type": "object", "properties": {"fingerprint": {"type": "string"}, "forgotten": {"const": true}}}}}},
              "default": {"$ref": "#/components/responses/problem"}
            }
          }
        },
        """#

    static let sshKeySchema = #"""
        "SSHKey": {
          "type": "object", "required": ["fingerprint", "algorithm", "public_key", "expires_at"],
          "properties": {
            "fingerprint": {"type": "string", "description": "As OpenSSH shows it, SHA256:…"},
            "algorithm": {"type": "string"}, "public_key": {"type": "string"},
            "expires_at": {"type": "string", "format": "date-time"}
          }
        },
        """#
}
