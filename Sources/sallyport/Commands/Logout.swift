import ArgumentParser

struct Logout: ReportingCommand {
    static let configuration = CommandConfiguration(abstract: "Forget the sign-in that `sallyport login` keeps.")

    func perform() async throws {
        let file = CredentialFile.standard
        SSHKeyFolder(beside: file).remove()
        print(try file.remove() ? "signed out; \(file.path) is gone" : "nobody was signed in")
    }
}
