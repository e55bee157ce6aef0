import Markup

/// What a person sees when something went wrong.
enum ProblemPage {
    static func page(_ problem: Problem, session: WebSession? = nil) -> HTML {
        PageFrame.page(
            problem.status.reasonPhrase, session: session,
            """
            <p>\(problem.detail)</p>
            <p>\(problem.nextStep)</p>
            <p>Rule: <code>\(problem.rule ?? problem.code)</code></p>
            """)
    }
}
