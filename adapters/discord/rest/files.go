package rest

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
)

var quoteEscaper = strings.NewReplacer("\\", "\\\\", `"`, "\\\"", "\r", "", "\n", "")

// withFiles is a body of JSON and files, the way Discord takes them together.
func withFiles(body []byte, files []File) (form []byte, kind string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part := func(disposition, kind string, data []byte) {
		if err != nil {
			return
		}
		header := textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {kind}}
		p, e := w.CreatePart(header)
		if e == nil {
			_, e = p.Write(data)
		}
		err = e
	}
	part(`form-data; name="payload_json"`, "application/json", body)
	for n, f := range files {
		part(fmt.Sprintf(`form-data; name="files[%d]"; filename="%s"`, n, quoteEscaper.Replace(f.Name)), f.Type, f.Data)
	}
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), w.FormDataContentType(), err
}
