package resp

// Text is an answer as a string; false: it is none.
func Text(answer any) (string, bool) {
	text, is := answer.(string)
	return text, is
}

// Texts are the strings of a list; what else is in it is an empty one.
func Texts(answer any) []string {
	list, _ := answer.([]any)
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i], _ = one.(string)
	}
	return texts
}

// Number is an answer as a number; 0: it is none.
func Number(answer any) int {
	n, _ := answer.(int64)
	return int(n)
}
