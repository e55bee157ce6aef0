extension SFTPStatusCode {
    /// As the protocol calls it (draft-ietf-secsh-filexfer-02, section 7).
    var word: String {
        switch self {
        case .ok: "SSH_FX_OK"
        case .endOfFile: "SSH_FX_EOF"
        case .noSuchFile: "SSH_FX_NO_SUCH_FILE"
        case .permissionDenied: "SSH_FX_PERMISSION_DENIED"
        case .failure: "SSH_FX_FAILURE"
        case .badMessage: "SSH_FX_BAD_MESSAGE"
        case .operationUnsupported: "SSH_FX_OP_UNSUPPORTED"
        default: "SSH_FX \(rawValue)"
        }
    }
}
