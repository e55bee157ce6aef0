import Foundation
import Synchronization

/// What must not outlast the test program: processes by their ids, and folders. Suites keep some servers in static
/// properties, which nothing lets go of at the end.
enum Leftovers {
    private struct State {
        var processes: Set<Int32> = []
        var folders: Set<String> = []
        var isRegistered = false
    }

    private static let state = Mutex(State())

    static func add(process: Int32) { change { $0.processes.insert(process) } }
    static func remove(process: Int32) { change { $0.processes.remove(process) } }
    static func add(folder: URL) { change { $0.folders.insert(folder.path) } }

    private static func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            guard !state.isRegistered else { return }
            state.isRegistered = true
            atexit { Leftovers.clear() }
        }
    }

    private static func clear() {
        let left = state.withLock { $0 }
        // A postmaster ends its children at once on SIGQUIT. A gateway would begin a backtrace, which nobody ends.
        for process in left.processes { kill(process, isPostmaster(process) ? SIGQUIT : SIGKILL) }
        usleep(200_000)
        for process in left.processes { kill(process, SIGKILL) }
        for folder in left.folders { try? FileManager.default.removeItem(atPath: folder) }
    }

    private static func isPostmaster(_ process: Int32) -> Bool {
        (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) == "postgres\n"
    }
}
