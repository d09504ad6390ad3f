package route

import "isitdown/checks/internal/table"

// Index finds whom a route concerns: whoever asked for a prefix that it lies in or
// over. The zero value is ready. It is safe for several readers, or one writer.
type Index[T comparable] = table.Index[T]
