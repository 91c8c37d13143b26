package main

import (
	"net"
	"net/http"
	"slices"
	"sync"
)

// connections bounds the connections to a server: one too many closes the one that has waited for
// a request for longest, so that a probe is answered at once however many others wait.
type connections struct {
	limit   int
	mu      sync.Mutex
	open    int
	waiting []net.Conn // for a request, longest first
}

// changed is the server's ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = slices.DeleteFunc(c.waiting, func(w net.Conn) bool { return w == conn })
	switch state {
	case http.StateNew:
		c.open++
		c.waiting = append(c.waiting, conn)
		if c.open > c.limit {
			_ = c.waiting[0].Close() // the server then reports it as closed
			c.waiting = c.waiting[1:]
		}
	case http.StateIdle:
		c.waiting = append(c.waiting, conn)
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
}
