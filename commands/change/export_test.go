package change

// EvidenceReadme is what every package explains itself with.
const EvidenceReadme = evidenceReadme
