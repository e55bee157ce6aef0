/// Parts of the report, and the sections of the FFIEC IT Examination Handbook that ask for what each shows.
///
/// The booklets state principles that examiners review; they impose nothing, and a report cannot say that somebody
/// complies. Names are those of "Information Security" (September 2016) and "Architecture, Infrastructure, and
/// Operations" (June 2021), https://ithandbook.ffiec.gov/it-booklets/.
enum ReportPart: String, CaseIterable, Sendable {
    case verification
    case activity
    case access
    case elevated
    case approvals
    case segregation
    case console
    case dataProtection = "data_protection"
    case signInFailures = "sign_in_failures"
    case policy
    case operations
    case kinds = "entries_by_kind"

    var title: String {
        switch self {
        case .verification: "Is the record whole?"
        case .activity: "Activity over time"
        case .access: "Who reached what"
        case .elevated: "Access that a person approved"
        case .approvals: "Requests for approval"
        case .segregation: "Segregation of duties"
        case .console: "Use of the console"
        case .dataProtection: "Regulated data"
        case .signInFailures: "Failed sign-ins"
        case .policy: "Policy in force, and its changes"
        case .operations: "Operation of the gateway"
        case .kinds: "All entries, by kind"
        }
    }

    /// Booklet and section, by their exact names.
    var sections: [String] {
        switch self {
        case .verification:
            [
                "Information Security, II.C.22 Log Management",
                "Information Security, IV.A.3 Independence of Tests and Audits",
                "Architecture, Infrastructure, and Operations, VI.B.7 Log Management",
            ]
        case .activity:
            [
                "Information Security, III.B Threat Monitoring",
                "Architecture, Infrastructure, and Operations, VI.D.1 Monitoring and Reporting",
            ]
        case .access:
            [
                "Information Security, II.C.22 Log Management", "Information Security, II.C.15(b) Application Access",
                "Information Security, II.C.15(c) Remote Access",
                "Architecture, Infrastructure, and Operations, III.G Remote Access",
                "Architecture, Infrastructure, and Operations, VI.A.3 Identity and Access Management",
            ]
        case .elevated:
            [
                "Information Security, II.C.15 Logical Security",
                "Architecture, Infrastructure, and Operations, VI.A.3 Identity and Access Management",
            ]
        case .approvals:
            [
                "Information Security, II.C.15 Logical Security",
                "Information Security, II.C.7(b) User Access Program",
            ]
        case .segregation:
            [
                "Information Security, II.C.7(c) Segregation of Duties",
                "Architecture, Infrastructure, and Operations, VI.A.4 Personnel Controls",
            ]
        case .console:
            [
                "Information Security, II.C.15 Logical Security", "Information Security, III.B Threat Monitoring",
                "Architecture, Infrastructure, and Operations, VI.A.3 Identity and Access Management",
            ]
        case .dataProtection:
            [
                "Information Security, II.C.13 Control of Information",
                "Information Security, II.C.18 Database Security",
                "Information Security, II.C.19 Encryption",
                "Architecture, Infrastructure, and Operations, III.A.1 Data Identification and Classification",
                "Architecture, Infrastructure, and Operations, III.A.2(a) Database Security",
            ]
        case .signInFailures:
            [
                "Information Security, III.C Incident Identification and Assessment",
                "Architecture, Infrastructure, and Operations, VI.C.4 Event, Incident, and Problem Management",
            ]
        case .policy:
            [
                "Information Security, II.C.7(b) User Access Program",
                "Architecture, Infrastructure, and Operations, III.D.1 Change Management",
            ]
        case .operations:
            [
                "Information Security, II.C.22 Log Management",
                "Architecture, Infrastructure, and Operations, VI.B.8 Disposal of Data and Media",
            ]
        case .kinds:
            [
                "Information Security, II.C.22 Log Management",
                "Architecture, Infrastructure, and Operations, VI.B.7 Log Management",
            ]
        }
    }

    /// Where entries of a kind are told; `nil` for those that are only counted.
    static func telling(_ kind: String) -> ReportPart? {
        switch kind {
        case "intent", "refusal", "outcome": .access
        case "approval": .approvals
        case "console", "originals-opened": .console
        case "sign-in-failure": .signInFailures
        case "policy-load", "configuration": .policy
        case "session-start", "session-end", "originals": nil
        default: .operations
        }
    }
}
