// Rows of counts, in an order that stays.

extension ExaminerReport {
    var accessRows: [(key: EvidenceTally.AccessKey, row: EvidenceTally.Access)] {
        tally.access.rows.sorted {
            ($1.value.commands, $0.key.person.subject, $0.key.target, $0.key.action)
                < ($0.value.commands, $1.key.person.subject, $1.key.target, $1.key.action)
        }.map { (key: $0.key, row: $0.value) }
    }

    var maskRows: [(key: EvidenceTally.MaskKey, count: Int64)] {
        tally.masking.rows.sorted {
            ($1.value, $0.key.target, $0.key.rule, $0.key.selector)
                < ($0.value, $1.key.target, $1.key.rule, $1.key.selector)
        }.map { (key: $0.key, count: $0.value) }
    }

    var failureRows: [(key: EvidenceTally.SignInFailureKey, count: Int)] {
        tally.signInFailures.rows.sorted {
            ($1.value, $0.key.code, $0.key.client) < ($0.value, $1.key.code, $1.key.client)
        }.map { (key: $0.key, count: $0.value) }
    }

    var consoleRows: [(key: ConsoleTally.Key, count: ConsoleTally.Count)] {
        tally.console.counts.rows.sorted {
            ($0.key.person.subject, $0.key.person.issuer, $0.key.action)
                < ($1.key.person.subject, $1.key.person.issuer, $1.key.action)
        }.map { (key: $0.key, count: $0.value) }
    }

    var deletionRows: [(key: OperationsTally.DeletionKey, row: OperationsTally.Deletions)] {
        tally.operations.deletions.rows.sorted {
            ($0.key.target, $0.key.evidence, $0.key.rule) < ($1.key.target, $1.key.evidence, $1.key.rule)
        }.map { (key: $0.key, row: $0.value) }
    }

    var kindRows: [(kind: String, count: Int)] {
        tally.kinds.rows.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { (kind: $0.key, count: $0.value) }
    }
}
