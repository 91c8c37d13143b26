package notify

import "time"

func init() { firstWait = time.Millisecond }
