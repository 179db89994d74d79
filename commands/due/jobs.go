package due

// TellJob is the job that tells somebody.
const TellJob = "ops.tell-due"
