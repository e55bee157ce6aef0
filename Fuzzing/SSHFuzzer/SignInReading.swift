import NIOCore

@testable import SSHExec

/// Signing in, of callers and to hosts.
enum SignInReading {
    static func read(_ bytes: [UInt8]) {
        var input = InputBytes(bytes)
        var server = UserAuthServer(sessionIdentifier: [1, 2, 3], maximumFailures: 6)
        var steps = 0
        do throws(TransportError) {
            while let message = input.piece() {
                var actions: [UserAuthServer.Action] = []
                if let action = try server.receive(ByteBuffer(bytes: message)) { actions.append(action) }
                while let action = actions.popLast() {
                    steps += 1
                    switch action {
                    case .send: break
                    case .judge, .beginInteractive: actions += try server.fail()
                    case .judgeOffer: actions += try server.offer(isAcceptable: steps % 2 == 0)
                    }
                }
                precondition(!server.isAuthenticated, "somebody has signed in whom nobody has let in")
            }
        } catch {}
        precondition(steps < 10_000, "a sign-in that does not end")
    }
}
