import Synchronization

/// Bounds how many sign-ins in a browser the clients of one network have under way: whoever begins one is nobody yet, and
/// all of them together are few (`Identity`), so that one network could keep everybody else from signing in.
final class BrowserSignIns: Sendable {
    /// One that is under way, until it is left or let go.
    final class Place: Sendable {
        private let network: ClientNetwork
        private let places: BrowserSignIns
        private let isTaken = Atomic(true)

        fileprivate init(_ network: ClientNetwork, _ places: BrowserSignIns) {
            self.network = network
            self.places = places
        }

        func leave() {
            if isTaken.exchange(false, ordering: .acquiringAndReleasing) { places.leave(network) }
        }

        deinit { leave() }
    }

    private let taken = Mutex<[ClientNetwork: Int]>([:])

    /// - Returns: `nil` when the network has `most` already.
    func take(_ network: ClientNetwork, most: Int) -> Place? {
        let isFree = taken.withLock { taken in
            let count = taken[network] ?? 0
            guard count < most else { return false }
            taken[network] = count + 1
            return true
        }
        return isFree ? Place(network, self) : nil
    }

    private func leave(_ network: ClientNetwork) {
        taken.withLock { taken in
            guard let count = taken[network] else { return }
            taken[network] = count > 1 ? count - 1 : nil
        }
    }
}
