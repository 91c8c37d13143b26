package report

import (
	"fmt"
	"time"

	"github.com/xuri/excelize/v2"
)

// conclusions are what a reviewer can come to. Excel joins them with commas, so none has one.
var conclusions = []string{"No exception noted", "Exceptions noted: see ticket", "Report not accepted"}

// formField is a box of the sign-off that a person fills in.
type formField struct {
	title, prompt string
	look          look
	validate      func(*excelize.DataValidation, time.Time) error
}

var formFields = []formField{
	{"Prepared by", "Name of the preparer", lookBlank, shortText},
	{"Prepared on (UTC)", "A date not before what is signed off", lookBlankDate, notBefore},
	{"Reviewed by", "Name of the reviewer, another person than the preparer", lookBlank, shortText},
	{"Reviewed on (UTC)", "A date not before what is signed off", lookBlankDate, notBefore},
	{"Conclusion", "One of the list", lookBlank, oneConclusion},
	{"Ticket", "Where the exceptions are followed up", lookBlank, shortText},
	{"Remarks", "Up to 1000 characters", lookBlank, longText},
}

// signOffContent is the form that a preparer and a reviewer fill in.
func (v *view) signOffContent() *content {
	c := &content{name: "Sign-off", widths: []float64{30, hashWidth}}
	c.lines = append(c.lines,
		line{lookTitle, []any{"Sign-off"}},
		line{lookPlain, []any{"Run", int(v.Run.ID)}},
		line{lookPlain, []any{"Started at (UTC)", v.Run.StartedAt}},
		line{lookPlain, []any{"Status", v.status()}})
	for i, o := range v.each() {
		state := wordNotComplete
		if o.complete() {
			state = o.Snapshot.ChainSHA256
		}
		c.lines = append(c.lines, line{lookPlain, []any{v.label(i) + ": chain_sha256", state}})
	}
	c.addForm(v.Run.StartedAt)
	return c
}

// addForm adds the boxes to fill in, for what nobody can have looked at before an instant.
func (c *content) addForm(earliest time.Time) {
	c.lines = append(c.lines, line{})
	first := len(c.lines) + 1
	for _, field := range formFields {
		c.lines = append(c.lines, line{lookPlain, []any{field.title, looked{field.look, nil}}})
	}
	c.finish = func(f *excelize.File, sheet string) error { return validateForm(f, sheet, first, earliest) }
}

// validateForm lets only what belongs there into the boxes, of which the topmost is in the row first.
func validateForm(f *excelize.File, sheet string, first int, started time.Time) error {
	for i, field := range formFields {
		validation := excelize.NewDataValidation(true)
		validation.SetSqref(fmt.Sprintf("B%d", first+i))
		validation.SetInput(field.title, field.prompt)
		validation.SetError(excelize.DataValidationErrorStyleStop, field.title, field.prompt)
		if err := field.validate(validation, started); err != nil {
			return fmt.Errorf("validating %s: %w", field.title, err)
		}
		if err := f.AddDataValidation(sheet, validation); err != nil {
			return fmt.Errorf("validating %s: %w", field.title, err)
		}
	}
	return nil
}

func shortText(d *excelize.DataValidation, _ time.Time) error {
	return d.SetRange(1, 200, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween)
}

func longText(d *excelize.DataValidation, _ time.Time) error {
	return d.SetRange(1, 1000, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween)
}

func oneConclusion(d *excelize.DataValidation, _ time.Time) error { return d.SetDropList(conclusions) }

// notBefore allows dates from the day of the run to the last one that Excel knows, as Excel counts days.
func notBefore(d *excelize.DataValidation, started time.Time) error {
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	const lastDay = 2_958_465 // 9999-12-31
	return d.SetRange(daysBetween(epoch, started), lastDay, excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween)
}
