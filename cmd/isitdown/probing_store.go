package main

import (
	"fmt"

	"isitdown/bot"
	"isitdown/checks"
	"isitdown/checks/reach"
)

// loadRates gives how often hosts of a target answered, from the store.
func loadRates(store *bot.Store) func(t checks.Target) ([]reach.HostRate, error) {
	return func(t checks.Target) (list []reach.HostRate, err error) {
		err = store.View(func(tx *bot.Tx) error {
			hosts, err := tx.Answers(t)
			for host, days := range hosts {
				for _, d := range days {
					list = append(list, reach.HostRate{Target: t, Host: host, Day: d.Day, Asked: d.Asked, Answered: d.Answered})
				}
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading how often the hosts of %v answered: %w", t, err)
		}
		return list, nil
	}
}

// saveRates adds to what the store knows of hosts, all of it in one transaction.
func saveRates(store *bot.Store) func(added []reach.HostRate) error {
	return func(added []reach.HostRate) error {
		err := store.Update(func(tx *bot.Tx) error {
			for _, r := range added {
				if err := tx.AddAnswers(r.Target, r.Host, r.Day, r.Asked, r.Answered); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("keeping how often hosts answered: %w", err)
		}
		return nil
	}
}
