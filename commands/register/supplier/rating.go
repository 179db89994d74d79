package supplier

import (
	"fmt"

	"github.com/watchbell/watchbell/bot"
)

// Rating is what people say of a vendor when they review it, from 1 to 5. 0 is not rated.
type Rating struct {
	Quality, Delivery, Price, Security int `json:",omitempty"`
}

func (r Rating) String() string {
	return fmt.Sprintf("quality %d, delivery %d, price %d, security %d", r.Quality, r.Delivery, r.Price, r.Security)
}

// Ratings are what a review asks.
func Ratings() []bot.Param {
	var list []bot.Param
	for _, name := range []string{"quality", "delivery", "price", "security"} {
		list = append(list, bot.Param{
			Name: name, Kind: bot.NumberParam, Min: 1, Max: 5, Form: true, Required: true, Help: "From 1 (bad) to 5, like 4.",
		})
	}
	return list
}

// Rated is what a call says that has Ratings.
func Rated(c *bot.Call) Rating {
	return Rating{c.Number("quality"), c.Number("delivery"), c.Number("price"), c.Number("security")}
}
