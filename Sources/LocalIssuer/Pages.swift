/// The pages on which a person signs in: plain HTML, no script, every value escaped.
enum Pages {
    static func device(userCode: String, users: [LocalUser]) -> String {
        page(
            "Sign in on a device",
            """
            <p>A program waits to act as you. Check that it shows this code.</p>
            <form method="post">
            <label>Code <input name="user_code" value="\(escape(userCode))" required autocomplete="off"></label>
            \(choice(users))
            <button name="decision" value="approve">Sign in</button>
            <button name="decision" value="deny">Refuse</button>
            </form>
            """)
    }

    /// `hidden` are the parameters of the request, sent along with the answer.
    static func authorize(clientID: String, hidden: [(String, String)], users: [LocalUser]) -> String {
        let fields = hidden.map { "<input type=\"hidden\" name=\"\(escape($0.0))\" value=\"\(escape($0.1))\">" }
        return page(
            "Sign in",
            """
            <p><b>\(escape(clientID))</b> asks who you are.</p>
            <form method="post">
            \(fields.joined(separator: "\n"))
            \(choice(users))
            <button>Sign in</button>
            </form>
            """)
    }

    static func message(_ title: String, _ text: String) -> String { page(title, "<p>\(escape(text))</p>") }

    private static func choice(_ users: [LocalUser]) -> String {
        let options = users.map { user in
            let groups = escape(user.groups.joined(separator: ", "))
            return "<option value=\"\(escape(user.name))\">\(escape(user.name)) (\(groups))</option>"
        }
        return "<label>User <select name=\"username\">\(options.joined())</select></label>"
    }

    private static func page(_ title: String, _ body: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(escape(title))</title>
        <style>
        body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}
        .warning{background:#fff3cd;border:1px solid #8a6d00;padding:.5rem 1rem}
        label{display:block;margin:1rem 0} input,select,button{font:inherit;padding:.25rem .5rem}
        </style></head><body>
        <p class="warning">This is the local issuer: anybody on this machine can sign in as anybody.
        It is for demonstrations and tests only.</p>
        <h1>\(escape(title))</h1>
        \(body)
        </body></html>
        """
    }

    private static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
