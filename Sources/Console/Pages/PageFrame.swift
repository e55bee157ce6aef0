import Markup

/// What all pages have in common.
enum PageFrame {
    static func page(_ title: String, session: WebSession?, _ content: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title) · Sallyport</title>
        <link rel="stylesheet" href="/console.css">
        </head>
        <body>
        <header><a class="name" href="/">Sallyport</a><nav><a href="/approvals">Approvals</a></nav>\(person(session))</header>
        <main>
        <h1>\(title)</h1>
        \(content)
        </main>
        </body>
        </html>

        """
    }

    private static func person(_ session: WebSession?) -> HTML {
        guard let session else { return #"<a href="/sign-in">Sign in</a>"# }
        return """
            <form method="post" action="/sign-out">\(session.formToken)\
            <span>\(session.caller.label ?? session.caller.subject)</span> <button>Sign out</button></form>
            """
    }

    static let styles = """
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
        body { max-width: 60rem; margin: 0 auto; padding: 0 1rem 3rem; }
        header { display: flex; gap: 1.5rem; align-items: center; border-bottom: 1px solid #8886; padding: .7rem 0; }
        header nav { flex: 1; }
        .name { font-weight: 700; color: inherit; text-decoration: none; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8886; border-radius: 4px; padding: .7rem; }
        code { overflow-wrap: anywhere; }
        textarea, input[type=password] { width: 100%; box-sizing: border-box; font: inherit; }
        button { font: inherit; padding: .3rem .9rem; }
        .warning { border-left: 4px solid #c60; padding-left: .8rem; }
        .pending { color: #b60; } .approved { color: #180; } .rejected, .expired { color: #b22; }

        """
}
