// Approvals
