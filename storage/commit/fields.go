package commit

import (
	"reflect"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm/schema"
)

// Fields are the columns of a row type, by GORM's own reading of its tags.
type Fields struct {
	Table   string
	Columns []string // without those that the database numbers itself
	Marks   string   // (?, ?, …)
	all     []column
}

// column is one column and where its value stands in the row.
type column struct {
	name  string
	index []int
	kind  columnKind
}

// columnKind says how a column travels to PostgreSQL: as an array of this type.
type columnKind int

const (
	textColumn columnKind = iota
	intColumn
	boolColumn
	timeColumn
	nullText
	nullTime
	nullInt
)

var (
	timeType = reflect.TypeFor[time.Time]()
	pgTypes  = [...]string{"text", "bigint", "boolean", "timestamptz", "text", "timestamptz", "bigint"}
	zeros    = [...]string{"''", "0", "false", "", "NULL", "NULL", "NULL"}
)

func kindOf(t reflect.Type) columnKind {
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	switch {
	case t == timeType && pointer:
		return nullTime
	case t == timeType:
		return timeColumn
	case t.Kind() == reflect.String && pointer:
		return nullText
	case t.Kind() == reflect.String:
		return textColumn
	case t.Kind() == reflect.Bool && !pointer:
		return boolColumn
	case pointer:
		return nullInt
	}
	return intColumn
}

var (
	schemas   sync.Map
	allFields sync.Map // reflect.Type -> *Fields
)

// FieldsOf reads the columns of a row type, given a pointer to a row. It panics on a type that GORM cannot read.
func FieldsOf(row any) *Fields {
	t := reflect.TypeOf(row)
	if f, ok := allFields.Load(t); ok {
		return f.(*Fields)
	}
	s, err := schema.Parse(row, &schemas, schema.NamingStrategy{})
	if err != nil {
		panic(err) // a fault in a row type
	}
	f := &Fields{Table: s.Table}
	for _, name := range s.DBNames {
		field := s.FieldsByDBName[name]
		if field.AutoIncrement {
			continue
		}
		f.Columns = append(f.Columns, name)
		f.all = append(f.all, column{name, field.StructField.Index, kindOf(field.FieldType)})
	}
	f.Marks = "(" + strings.TrimSuffix(strings.Repeat("?, ", len(f.Columns)), ", ") + ")"
	allFields.Store(t, f)
	return f
}

// Values are the values of a row, in the order of the columns.
func (f *Fields) Values(row any) []any {
	v := reflect.ValueOf(row).Elem()
	values := make([]any, len(f.all))
	for i := range f.all {
		values[i] = f.all[i].value(v)
	}
	return values
}

// Field is the value of a column of a row, which is a struct: the column's place in Columns says which.
func (f *Fields) Field(row reflect.Value, n int) reflect.Value {
	return row.FieldByIndex(f.all[n].index)
}

func (c *column) value(row reflect.Value) any {
	v := row.FieldByIndex(c.index)
	switch c.kind {
	case textColumn:
		return v.String()
	case intColumn:
		return v.Int()
	}
	return v.Interface()
}

// equal reports whether a column of two rows holds the same.
func (c *column) equal(a, b reflect.Value) bool {
	v, w := a.FieldByIndex(c.index), b.FieldByIndex(c.index)
	switch c.kind {
	case textColumn:
		return v.String() == w.String()
	case intColumn:
		return v.Int() == w.Int()
	case boolColumn:
		return v.Bool() == w.Bool()
	case timeColumn:
		return v.Interface().(time.Time).Equal(w.Interface().(time.Time))
	}
	if v.IsNil() || w.IsNil() {
		return v.IsNil() == w.IsNil()
	}
	if c.kind == nullTime {
		return v.Interface().(*time.Time).Equal(*w.Interface().(*time.Time))
	}
	return v.Elem().Equal(w.Elem())
}

// find is the column of that name. It panics when there is none.
func (f *Fields) find(name string) *column {
	for i := range f.all {
		if f.all[i].name == name {
			return &f.all[i]
		}
	}
	panic("no column " + name + " in " + f.Table)
}

// array is a column of many rows as pgx takes it. A nil slice would be NULL, so it is never nil.
func (c *column) array(rows []reflect.Value) any {
	switch c.kind {
	case textColumn:
		return collect(rows, func(v reflect.Value) string { return v.FieldByIndex(c.index).String() })
	case intColumn:
		return collect(rows, func(v reflect.Value) int64 { return v.FieldByIndex(c.index).Int() })
	case boolColumn:
		return collect(rows, func(v reflect.Value) bool { return v.FieldByIndex(c.index).Bool() })
	case timeColumn:
		return collect(rows, func(v reflect.Value) time.Time { return v.FieldByIndex(c.index).Interface().(time.Time) })
	case nullText:
		return collect(rows, func(v reflect.Value) *string { return v.FieldByIndex(c.index).Interface().(*string) })
	case nullTime:
		return collect(rows, func(v reflect.Value) *time.Time { return v.FieldByIndex(c.index).Interface().(*time.Time) })
	}
	return collect(rows, func(v reflect.Value) *int64 {
		p := v.FieldByIndex(c.index)
		if p.IsNil() {
			return nil
		}
		n := p.Elem().Int()
		return &n
	})
}

func collect[T any](rows []reflect.Value, get func(reflect.Value) T) []T {
	list := make([]T, len(rows))
	for i, row := range rows {
		list[i] = get(row)
	}
	return list
}
