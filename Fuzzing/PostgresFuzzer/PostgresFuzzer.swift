/// Gives bytes to everything that reads bytes from callers and databases (`make fuzz`). The first byte of an input says
/// which reader gets the rest. libFuzzer has the `main`; given a file, the program reads that once.
@_cdecl("LLVMFuzzerTestOneInput")
public func readOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Readers.read(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}
