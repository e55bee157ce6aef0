import Foundation
import Synchronization

@testable import Audit

/// A disk in memory that counts operations, makes the chosen ones fail, and knows what a power cut would leave: file
/// contents are durable after `fsync` of the file, names after `fsync` of their directory, and nothing before.
final class MemoryDisk: Sendable {
    enum Fault: Sendable, Equatable {
        case fail(Int32)
        /// A write takes only half of what is offered; any other operation fails with `EIO`.
        case short
        /// The process ends right after the operation.
        case crashAfter
    }

    struct Node {
        var isDirectory = false
        var permissions: UInt32 = 0
        var data: [UInt8] = []
        var durableData: [UInt8] = []
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        /// Where parts of the contents are written by storing into memory.
        var mapped: [(offset: Int, memory: MappedMemory)] = []
    }

    /// A mapping, which goes with the last snapshot that knows it.
    final class MappedMemory: @unchecked Sendable {
        // Stored to by the journal, and read when it stands still.
        let bytes: UnsafeMutableRawBufferPointer

        init(_ count: Int) {
            bytes = .allocate(byteCount: count, alignment: 16)
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }

        deinit { bytes.deallocate() }
    }

    struct Contents {
        var nodes: [Int: Node] = [0: Node(isDirectory: true)]
        var descriptors: [Int32: (node: Int, appends: Bool)] = [:]
        var locks: [Int: Int32] = [:]
        var nextNode = 1
        var nextDescriptor: Int32 = 100
        var operations: [String] = []
        var hasCrashed = false
        var forgotten: [MappedMemory] = []
        var lastMapped: Int?
        /// What was renamed to a path that ends in `checkpoint`: every checkpoint that anyone could have seen.
        var checkpoints: [[UInt8]] = []
    }

    private let contents: Mutex<Contents>
    private let maps: Bool
    private let fault: @Sendable (_ operation: Int) -> Fault?

    init(
        _ contents: consuming sending Contents = Contents(), maps: Bool = false,
        fault: @escaping @Sendable (_ operation: Int) -> Fault? = { _ in nil }
    ) {
        self.contents = Mutex(contents)
        self.maps = maps
        self.fault = fault
    }

    var hasCrashed: Bool { contents.withLock { $0.hasCrashed } }
    var operations: [String] { contents.withLock { $0.operations } }
    var checkpoints: [[UInt8]] { contents.withLock { $0.checkpoints } }

    /// What the next process finds after this one was killed: all that was written, nothing open.
    var afterKill: Contents {
        contents.withLock { contents in
            contents.settle()
            var left = contents
            left.forgetMappings()
            left.descriptors = [:]
            left.locks = [:]
            left.operations = []
            left.hasCrashed = false
            return left
        }
    }

    /// What the next process finds after a power cut. Of what was not durable yet, chance decides: contents may be
    /// there in part, or as zeros, and each name by itself.
    func afterPowerCut(using generator: inout some RandomNumberGenerator) -> Contents {
        var left = afterKill
        for (number, node) in left.nodes.sorted(by: { $0.key < $1.key }) {
            var node = node
            if node.isDirectory {
                for name in Set(node.names.keys).union(node.durableNames.keys).sorted() {
                    if Bool.random(using: &generator) { node.names[name] = node.durableNames[name] }
                }
                node.durableNames = node.names
            } else if node.data != node.durableData {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: break
                case 1: node.data = node.durableData
                default:
                    let known = node.durableData.count
                    guard node.data.count > known, node.data.starts(with: node.durableData) else {
                        node.data = node.durableData
                        break
                    }
                    let kept = Int.random(in: known...node.data.count, using: &generator)
                    let zeros = Bool.random(using: &generator) ? node.data.count - kept : 0
                    node.data = Array(node.data[..<kept]) + Array(repeating: 0, count: zeros)
                }
                node.durableData = node.data
            }
            left.nodes[number] = node
        }
        return left
    }

    /// The permission bits of what stands at `path`.
    func permissions(_ path: String) -> UInt32? {
        contents.withLock { contents in contents.find(path).flatMap { contents.nodes[$0]?.permissions } }
    }

    // MARK: The operations

    private func perform<Value>(
        _ name: String, _ path: String = "",
        _ body: (inout sending Contents) throws(FileOperations.Failure) -> sending Value
    ) throws(FileOperations.Failure) -> Value {
        let result: Result<Value, FileOperations.Failure> = contents.withLock { contents in
            if contents.hasCrashed { return .failure(.init(operation: name, path: path, code: ESHUTDOWN)) }
            contents.settle()
            let number = contents.operations.count
            contents.operations.append("\(name) \(path)")
            switch fault(number) {
            case nil: break
            case .fail(let code): return .failure(.init(operation: name, path: path, code: code))
            case .short:
                // Space was set aside, and then it could not be mapped.
                if name == "map" {
                    _ = try? body(&contents)
                    contents.dropLastMapping()
                }
                return .failure(.init(operation: name, path: path, code: EIO))
            case .crashAfter:
                _ = try? body(&contents)
                contents.hasCrashed = true
                contents.forgetMappings()
                return .failure(.init(operation: name, path: path, code: ESHUTDOWN))
            }
            do throws(FileOperations.Failure) { return .success(try body(&contents)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    var files: FileOperations {
        typealias Failure = FileOperations.Failure
        return FileOperations(
            open: { [self] path, mode, permissions throws(Failure) in
                try perform("open", path) { contents throws(Failure) in
                    try contents.open(path, mode, permissions)
                }
            },
            close: { [self] descriptor in
                contents.withLock { contents in
                    guard let node = contents.descriptors.removeValue(forKey: descriptor)?.node else { return }
                    if contents.locks[node] == descriptor { contents.locks[node] = nil }
                }
            },
            write: { [self] descriptor, bytes throws(Failure) in try write(descriptor, Array(bytes)) },
            read: { [self] descriptor, buffer, offset throws(Failure) in
                let bytes = try perform("read") { contents throws(Failure) -> [UInt8] in
                    let data = try contents.file(descriptor).data
                    guard offset < data.count else { return [] }
                    return Array(data[Int(offset)..<min(data.count, Int(offset) + buffer.count)])
                }
                buffer.copyBytes(from: bytes)
                return bytes.count
            },
            mapForWriting: { [self] descriptor, offset, length throws(Failure) in
                guard maps else { return nil }
                return try perform("map") { contents throws(Failure) in
                    try contents.map(descriptor, Int(offset), length).bytes
                }
            },
            unmap: { [self] window in contents.withLock { $0.unmap(window) } },
            size: { [self] descriptor throws(Failure) in
                try perform("size") { contents throws(Failure) in UInt64(try contents.file(descriptor).data.count) }
            },
            truncate: { [self] descriptor, length throws(Failure) in
                try perform("truncate") { contents throws(Failure) in
                    let node = try contents.number(descriptor)
                    let data = contents.nodes[node]?.data ?? []
                    contents.nodes[node]?.data = Array(data.prefix(Int(length)))
                }
            },
            synchronizeData: { [self] descriptor throws(Failure) in
                try perform("fdatasync") { contents throws(Failure) in try contents.synchronize(descriptor) }
            },
            synchronize: { [self] descriptor throws(Failure) in
                try perform("fsync") { contents throws(Failure) in try contents.synchronize(descriptor) }
            },
            lock: { [self] descriptor throws(Failure) in
                try perform("lock") { contents throws(Failure) in
                    let node = try contents.number(descriptor)
                    if let holder = contents.locks[node], holder != descriptor {
                        throw Failure(operation: "flock", path: "", code: EWOULDBLOCK)
                    }
                    contents.locks[node] = descriptor
                }
            },
            unlock: { [self] descriptor in
                contents.withLock { contents in
                    guard let node = contents.descriptors[descriptor]?.node else { return }
                    if contents.locks[node] == descriptor { contents.locks[node] = nil }
                }
            },
            rename: { [self] from, to throws(Failure) in
                try perform("rename", to) { contents throws(Failure) in try contents.rename(from, to) }
            },
            remove: { [self] path throws(Failure) in
                try perform("remove", path) { contents throws(Failure) in try contents.remove(path) }
            },
            removeDirectory: { [self] path throws(Failure) in
                try perform("rmdir", path) { contents throws(Failure) in try contents.remove(path) }
            },
            makeDirectory: { [self] path, permissions throws(Failure) in
                try perform("mkdir", path) { contents throws(Failure) in
                    if contents.find(path) != nil { throw Failure(operation: "mkdir", path: path, code: EEXIST) }
                    try contents.add(path, Node(isDirectory: true, permissions: permissions))
                }
            },
            list: { [self] path throws(Failure) in
                try perform("list", path) { contents throws(Failure) in
                    guard let node = contents.find(path).flatMap({ contents.nodes[$0] }) else {
                        throw Failure(operation: "opendir", path: path, code: ENOENT)
                    }
                    return node.names.keys.sorted()
                }
            },
            status: { [self] path throws(Failure) in
                try perform("status", path) { contents throws(Failure) in
                    guard let node = contents.find(path).flatMap({ contents.nodes[$0] }) else {
                        throw Failure(operation: "stat", path: path, code: ENOENT)
                    }
                    return .init(
                        size: UInt64(node.data.count), permissions: node.permissions, isDirectory: node.isDirectory)
                }
            })
    }

    /// A short write takes half of the bytes, so it is not just a failure.
    private func write(_ descriptor: Int32, _ bytes: [UInt8]) throws(FileOperations.Failure) -> Int {
        let isShort = contents.withLock { !$0.hasCrashed && fault($0.operations.count) == .short }
        if isShort {
            return contents.withLock { contents in
                contents.operations.append("write (short)")
                guard let node = contents.descriptors[descriptor]?.node else { return 0 }
                contents.nodes[node]?.data += bytes.prefix(bytes.count / 2)
                return bytes.count / 2
            }
        }
        return try perform("write") { contents throws(FileOperations.Failure) in
            let node = try contents.number(descriptor)
            contents.nodes[node]?.data += bytes
            return bytes.count
        }
    }
}

extension MemoryDisk.Contents {
    typealias Failure = FileOperations.Failure

    func find(_ path: String) -> Int? {
        var node = 0
        for name in path.split(separator: "/") {
            guard let next = nodes[node]?.names[String(name)] else { return nil }
            node = next
        }
        return node
    }

    private func parent(_ path: String) throws(Failure) -> (node: Int, name: String) {
        let parts = path.split(separator: "/")
        guard let name = parts.last, let node = find(parts.dropLast().joined(separator: "/")),
            nodes[node]?.isDirectory == true
        else { throw Failure(operation: "open", path: path, code: ENOENT) }
        return (node, String(name))
    }

    mutating func add(_ path: String, _ node: MemoryDisk.Node) throws(Failure) {
        let (folder, name) = try parent(path)
        nodes[nextNode] = node
        nodes[folder]?.names[name] = nextNode
        nextNode += 1
    }

    mutating func open(
        _ path: String, _ mode: FileOperations.OpenMode, _ permissions: UInt32
    ) throws(Failure) -> Int32 {
        switch (mode, find(path)) {
        case (.read, nil): throw Failure(operation: "open", path: path, code: ENOENT)
        case (.createForAppending, .some): throw Failure(operation: "open", path: path, code: EEXIST)
        case (.createForAppending, nil), (.readWrite, nil):
            try add(path, MemoryDisk.Node(permissions: permissions))
        default: break
        }
        guard let node = find(path) else { throw Failure(operation: "open", path: path, code: ENOENT) }
        nextDescriptor += 1
        descriptors[nextDescriptor] = (node, mode != .read)
        return nextDescriptor
    }

    func number(_ descriptor: Int32) throws(Failure) -> Int {
        guard let node = descriptors[descriptor]?.node else {
            throw Failure(operation: "use", path: "", code: EBADF)
        }
        return node
    }

    /// The file is longer from here on, mapped or not.
    mutating func map(_ descriptor: Int32, _ offset: Int, _ length: Int) throws(Failure) -> MemoryDisk.MappedMemory {
        let node = try number(descriptor)
        var data = nodes[node]?.data ?? []
        if data.count < offset + length { data += [UInt8](repeating: 0, count: offset + length - data.count) }
        let memory = MemoryDisk.MappedMemory(length)
        memory.bytes.copyBytes(from: data[offset..<(offset + length)])
        nodes[node]?.data = data
        nodes[node]?.mapped.append((offset, memory))
        lastMapped = node
        return memory
    }

    mutating func dropLastMapping() {
        if let lastMapped { _ = nodes[lastMapped]?.mapped.popLast() }
    }

    mutating func unmap(_ window: UnsafeMutableRawBufferPointer) {
        settle()
        for number in nodes.keys {
            nodes[number]?.mapped.removeAll { $0.memory.bytes.baseAddress == window.baseAddress }
        }
    }

    mutating func forgetMappings() {
        for number in nodes.keys {
            // A process that is taken for dead may go on storing there.
            forgotten += nodes[number]?.mapped.map(\.memory) ?? []
            nodes[number]?.mapped = []
        }
    }

    /// Takes what was stored into memory for the contents of the files.
    mutating func settle() {
        for (number, node) in nodes where !node.mapped.isEmpty {
            for (offset, memory) in node.mapped {
                let end = min(offset + memory.bytes.count, node.data.count)
                if end > offset {
                    nodes[number]?.data.replaceSubrange(offset..<end, with: memory.bytes.prefix(end - offset))
                }
            }
        }
    }

    func file(_ descriptor: Int32) throws(Failure) -> MemoryDisk.Node {
        guard let node = nodes[try number(descriptor)] else { throw Failure(operation: "use", path: "", code: EBADF) }
        return node
    }

    mutating func synchronize(_ descriptor: Int32) throws(Failure) {
        let number = try number(descriptor)
        if let node = nodes[number] {
            nodes[number]?.durableData = node.data
            nodes[number]?.durableNames = node.names
        }
    }

    mutating func rename(_ from: String, _ to: String) throws(Failure) {
        let (source, old) = try parent(from)
        let (target, new) = try parent(to)
        guard let node = nodes[source]?.names.removeValue(forKey: old) else {
            throw Failure(operation: "rename", path: from, code: ENOENT)
        }
        nodes[target]?.names[new] = node
        if new == "checkpoint", target == find(String(to.dropLast("/checkpoint".count))), !to.contains("temporary") {
            checkpoints.append(nodes[node]?.data ?? [])
        }
    }

    mutating func remove(_ path: String) throws(Failure) {
        let (folder, name) = try parent(path)
        guard let node = nodes[folder]?.names[name] else {
            throw Failure(operation: "unlink", path: path, code: ENOENT)
        }
        if nodes[node]?.names.isEmpty == false { throw Failure(operation: "rmdir", path: path, code: ENOTEMPTY) }
        nodes[folder]?.names[name] = nil
    }
}
