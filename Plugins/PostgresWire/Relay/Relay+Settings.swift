// What changes the meaning of names and strings, and what the caller tells the gateway by settings.
extension Relay {
    /// The server has said that a setting has another value now.
    func parameterChanged(_ name: String, _ value: String) {
        switch name {
        case "client_encoding": encoding = ClientEncoding(name: value)
        case "standard_conforming_strings": settings.standardConformingStrings = value == "on"
        default: break
        }
    }

    /// A SET statement has succeeded.
    func note(_ change: SettingChange) {
        if change.name == Self.justificationSetting { justification = change.value }
    }

    /// What a caller sets to say why it asks for approval.
    static let justificationSetting = "sallyport.justification"
}
