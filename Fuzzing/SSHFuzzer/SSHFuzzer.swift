/// Gives bytes to everything that reads bytes from SSH clients and hosts (`make fuzz`). The first byte of an input says
/// which reader gets the rest. libFuzzer has the `main`; given a file, the program reads that once.
@_cdecl("LLVMFuzzerTestOneInput")
public func readOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    guard let which = input.first else { return 0 }
    let rest = Array(input.dropFirst())
    switch which % 8 {
    case 0: TransportReading.plain(rest, isServer: true)
    case 1: TransportReading.plain(rest, isServer: false)
    case 2: TransportReading.keyed(rest)
    case 3: ConnectionReading.read(rest)
    case 4: SignInReading.read(rest)
    case 5: SFTPReading.read(rest)
    case 6: ShellLines.read(rest)
    default: CredentialReading.read(rest)
    }
    return 0
}
