package route

func (r *RIB) tend(at stamp) { r.rollBackground(at) }
