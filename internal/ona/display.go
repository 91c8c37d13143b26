package ona

// DisplayTime is the layout of an instant in text for people: UTC, whole seconds. The instant must be in UTC.
const DisplayTime = "2006-01-02 15:04:05 UTC"
