//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// workbook writes sheets of twelve columns with the report's own code, which is the benchmark of its test program beside this one, and with
// libxlsxwriter in its constant_memory mode, which is the program cells.
func workbook(string) error {
	const bound, memory = 0.8, 80
	beside := filepath.Dir(os.Args[0])
	ours := func(rows int) (usage, error) {
		return timed(filepath.Join(beside, "report.test"), "-test.run=^$", "-test.benchtime=1x", fmt.Sprintf("-test.bench=^BenchmarkWorkbook$/^%d$", rows))
	}
	million, err := ours(1_000_000)
	if err != nil {
		return err
	}
	printRow("workbook of 1,000,000 rows", fmt.Sprintf("%.1f s, %d MiB", million.wall.Seconds(), million.maxRSS), "80 MiB", million.maxRSS <= memory)

	const rows = 100_000
	const what = "workbook of 100,000 rows against libxlsxwriter"
	cells := filepath.Join(beside, "cells")
	if _, err := os.Stat(cells); errors.Is(err, fs.ErrNotExist) {
		fmt.Printf("| %s | skipped: there is no libxlsxwriter | %.1f | |\n", what, bound)
		return nil
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	theirs := func() (usage, error) {
		return timed(cells, filepath.Join(folder, "cells.xlsx"), strconv.Itoa(rows))
	}
	took, err := best(3, theirs, func() (usage, error) { return ours(rows) })
	if err != nil {
		return err
	}
	ratio := took[1].wall.Seconds() / took[0].wall.Seconds()
	printRow(what, fmt.Sprintf("%.2f s : %.2f s = %.2f (%d MiB)", took[1].wall.Seconds(), took[0].wall.Seconds(), ratio, took[1].maxRSS), "0.8, 80 MiB",
		ratio <= bound && took[1].maxRSS <= memory)
	return nil
}
