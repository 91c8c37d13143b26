//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// The store is measured by its own benchmarks, in their test program beside this one, against programs that do the same work on the same rows.

func firstStore(string) error {
	const what, bound = "first store of 100,000 sorted rows against .import of the sqlite3 program", 1.3
	took, err := benchmarks("^BenchmarkFirstStore$", "5x")
	if err != nil {
		return err
	}
	printRatio(what, took["BenchmarkFirstStore/auditor"], took["BenchmarkFirstStore/import"], bound, "")
	return nil
}

func compare(string) error {
	for _, size := range []string{"100000", "1000000"} {
		took, err := benchmarks("^BenchmarkCompare$/^"+size+"$", "5x")
		if err != nil {
			return err
		}
		name := "BenchmarkCompare/" + size + "/"
		printRatio("comparing "+size+" stored rows with a listing of which 1 % differs against sqldiff", took[name+"alone"], took[name+"sqldiff"], 1,
			fmt.Sprintf("; %.2f s with all hashes and what differs stored", took[name+"night"].Seconds()))
	}
	return nil
}

// printRatio prints how long the store took beside a program, which may not be installed.
func printRatio(what string, ours, theirs time.Duration, bound float64, note string) {
	if theirs == 0 {
		fmt.Printf("| %s | skipped: the program is not installed | %.1f | |\n", what, bound)
		return
	}
	ratio := ours.Seconds() / theirs.Seconds()
	printRow(what, fmt.Sprintf("%.2f s : %.2f s = %.2f%s", ours.Seconds(), theirs.Seconds(), ratio, note), fmt.Sprintf("%.1f", bound), ratio <= bound)
}

func pastNight(string) error {
	took, err := benchmarks("^BenchmarkReadNight$", "20x")
	if err != nil {
		return err
	}
	ours, copied, one := took["BenchmarkReadNight/auditor"], took["BenchmarkReadNight/full_copy"], took["BenchmarkReadNight/history_of_one"]
	ratio := ours.Seconds() / copied.Seconds()
	printRow("reading a past night of 10,000 rows against a full copy", fmt.Sprintf("%.1f ms : %.1f ms = %.2f", 1000*ours.Seconds(), 1000*copied.Seconds(), ratio), "1.1", ratio <= 1.1)
	printRow("history of one configuration", one.String(), "1 ms", one <= time.Millisecond)
	return nil
}

// year stores 365 nights of 10,000 configurations of which 10 change, then quiet ones.
func year(string) error {
	output, err := storeTest("-test.run=^TestStorageOfManyNights$", "-test.v", "-nights=365", "-configurations=10000")
	if err != nil {
		return err
	}
	for _, r := range []struct {
		what, found, bound string
		most               int
	}{
		{"365 nights of 10,000 configurations of which 10 change", "bytes of configurations and history", "4 MB", 4_000_000},
		{"growth in a quiet night", "bytes for a quiet night", "2 KB", 2048},
	} {
		match := regexp.MustCompile(`(\d+) ` + r.found).FindSubmatch(output)
		if match == nil {
			return fmt.Errorf("the test does not tell the %s:\n%s", r.found, output)
		}
		bytes, err := strconv.Atoi(string(match[1]))
		if err != nil {
			return err
		}
		printRow(r.what, fmt.Sprintf("%d bytes", bytes), r.bound, bytes <= r.most)
	}
	return nil
}

func storeTest(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(context.Background(), filepath.Join(filepath.Dir(os.Args[0]), "snapshot.test"), args...)
	output, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%q: %w\n%.2000s", cmd.Args, err, output)
	}
	return output, nil
}

var benchmarkLine = regexp.MustCompile(`(?m)^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+(\d+(?:\.\d+)?) ns/op`)

// benchmarks runs some of them so many times and gives how long each took, by name. What a program is missing for is not there.
func benchmarks(pattern, times string) (map[string]time.Duration, error) {
	output, err := storeTest("-test.run=^$", "-test.bench="+pattern, "-test.benchtime="+times)
	if err != nil {
		return nil, err
	}
	took := make(map[string]time.Duration)
	for _, match := range benchmarkLine.FindAllSubmatch(output, -1) {
		ns, err := strconv.ParseFloat(string(match[2]), 64)
		if err != nil {
			return nil, err
		}
		took[string(match[1])] = time.Duration(ns)
	}
	return took, nil
}
