import NIOCore
import Testing

@testable import SSHExec

@Suite("Progress of writing")
struct WriteProgressTests {
    @Test("who takes a byte now and then is waited for; who takes none for as long as there is patience is not")
    func progress() {
        var time = NIODeadline.uptimeNanoseconds(0)
        var progress = WriteProgress(patience: .seconds(60), taken: 100, at: time)
        var taken = 100
        for _ in 0..<100 {
            time = time + .seconds(59)
            let isStalled = progress.isStalled(taken: taken, at: time)
            taken += 1
            let isStillStalled = progress.isStalled(taken: taken, at: time)
            #expect(!isStalled && !isStillStalled)
        }
        let stalled = [59, 60].map { progress.isStalled(taken: taken, at: time + .seconds($0)) }
        #expect(stalled == [false, true])
    }

    @Test("it is looked at often, but not without pause")
    func looks() {
        let start = NIODeadline.uptimeNanoseconds(0)
        #expect(WriteProgress(patience: .seconds(60), taken: 0, at: start).nextLook == .seconds(15))
        #expect(WriteProgress(patience: .nanoseconds(1), taken: 0, at: start).nextLook == .milliseconds(1))
    }
}
