import GatewayCore
import HTTPFunctions
import PostgresWire
import SSHExec

extension AdapterRegistry {
    /// The adapters of this gateway: the only place that names them, one line each.
    static func all() throws(AdapterRegistryError) -> AdapterRegistry {
        var registry = AdapterRegistry()
        try registry.register(HTTPFunctionsAdapter.self)
        try registry.register(PostgresWireAdapter.self)
        try registry.register(SSHExecAdapter.self)
        return registry
    }
}
