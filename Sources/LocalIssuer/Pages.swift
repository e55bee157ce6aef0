import Markup

/// The pages on which a person signs in: plain HTML, no script, every value escaped.
enum Pages {
    static func device(userCode: String, users: [LocalUser]) -> String {
        page(
            "Sign in on a device",
            """
            <p>A program waits to act as you. Check that it shows this code.</p>
            <form method="post">
            <label>Code <input name="user_code" value="\(userCode)" required autocomplete="off"></label>
            \(choice(users))
            <button name="decision" value="approve">Sign in</button>
            <button name="decision" value="deny">Refuse</button>
            </form>
            """)
    }

    /// `hidden` are the parameters of the request, sent along with the answer.
    static func authorize(clientID: String, hidden: [(String, String)], users: [LocalUser]) -> String {
        let fields = hidden.map { field -> HTML in
            "<input type=\"hidden\" name=\"\(field.0)\" value=\"\(field.1)\">\n"
        }
        return page(
            "Sign in",
            """
            <p><b>\(clientID)</b> asks who you are.</p>
            <form method="post">
            \(fields)
            \(choice(users))
            <button>Sign in</button>
            </form>
            """)
    }

    static func message(_ title: String, _ text: String) -> String { page(title, "<p>\(text)</p>") }

    private static func choice(_ users: [LocalUser]) -> HTML {
        let options = users.map { user -> HTML in
            "<option value=\"\(user.name)\">\(user.name) (\(user.groups.joined(separator: ", ")))</option>"
        }
        return "<label>User <select name=\"username\">\(options)</select></label>"
    }

    private static func page(_ title: String, _ body: HTML) -> String {
        let page: HTML = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(title)</title>
            <style>
            body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}
            .warning{background:#fff3cd;border:1px solid #8a6d00;padding:.5rem 1rem}
            label{display:block;margin:1rem 0} input,select,button{font:inherit;padding:.25rem .5rem}
            </style></head><body>
            <p class="warning">This is the local issuer: anybody on this machine can sign in as anybody.
            It is for demonstrations and tests only.</p>
            <h1>\(title)</h1>
            \(body)
            </body></html>
            """
        return page.text
    }
}
