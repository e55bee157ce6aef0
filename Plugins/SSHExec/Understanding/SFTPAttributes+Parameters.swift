import GatewayCore
import StrictJSON

extension SFTPAttributes {
    /// What is to be set, as an approver reads it.
    var parameters: [Parameter] {
        var parameters: [Parameter] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { parameters.append(Parameter(name: name, value: value, encoding: "sftp")) }
        }
        add("size", size.map { .number("\($0)") })
        add("uid", userID.map { .number("\($0)") })
        add("gid", groupID.map { .number("\($0)") })
        add("permissions", permissions.map { .string("0" + String($0, radix: 8)) })
        add("atime", accessTime.map { .number("\($0)") })
        add("mtime", modificationTime.map { .number("\($0)") })
        for field in extended {
            // Bytes of any kind: the texts differ where they do.
            add("extended." + HostPath.text(field.type), .string(HostPath.text(field.data)))
        }
        return parameters
    }
}
