package bot

// Own is what one capability has of somebody's, for a list of all that is theirs.
type Own struct {
	Title   string   // like Incidents
	Lines   []Text   // what waits for them comes first
	More    int      // that are not among the lines
	Actions []Action // of the whole, at most two
}

// OwnLines is how many lines of somebody's a capability gives at most.
const OwnLines = 10

// Cut is with no more lines than that.
func (o Own) Cut() Own {
	if n := len(o.Lines) - OwnLines; n > 0 {
		o.Lines, o.More = o.Lines[:OwnLines], o.More+n
	}
	return o
}
