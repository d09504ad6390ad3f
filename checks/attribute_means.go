package checks

import "fmt"

// Means says what the rule asks for, with its thresholds: a clause for `why`. The order
// in which the rules are tried is theirs.
func (r AttributionRule) Means() string {
	switch r {
	case RuleTakenOver:
		return "others' routes stand in the place of the lost ones at half of the vantage points that miss them, or more"
	case RuleLastHop:
		return fmt.Sprintf("less than %.0f %% of the routes are kept by way of the ASes next to the origin that carried %.0f %% of the lost ones or more, "+
			"and each of these still has %.0f %% or more of others' routes through it", 100*keptNone, 100*mainCarrier, 100*healthyFrom)
	case RuleSeveral:
		return fmt.Sprintf("as last hop, with several such ASes, and all was lost within %.0f minutes", wentTogether.Minutes())
	case RuleSeparator:
		return fmt.Sprintf("an element beyond the last hop scores %.2f or more: its part of the lost paths, times the part of others' "+
			"routes through it that went too; what lies within %.3f of the best is not told apart from it", separates, nearBest+usuallyStuck)
	case RuleRejected:
		return fmt.Sprintf("%.0f %% of the routes or more are kept, no element scores %.2f, and RPKI calls routes invalid that %.0f %% of the vantage points or more had",
			100*keptNone, separates, 100*validBefore)
	case RuleStuck:
		return fmt.Sprintf("as last hop, where %.0f %% of the routes or more are lost and those left are unchanged since before the loss", 100*stuckLost)
	case RuleUntold:
		return fmt.Sprintf("as last hop, but fewer than %d other networks were seen behind an AS next to the origin", MinSurvivors)
	case RulePartial:
		return fmt.Sprintf("%.0f %% of the routes or more are kept, and no element scores %.2f", 100*keptNone, separates)
	case RuleMixed:
		return fmt.Sprintf("as last hop, but less than %.0f %% is left of others' routes through an AS next to the origin, and no element scores %.2f",
			100*healthyFrom, separates)
	case RuleDivide:
		return fmt.Sprintf("as partial, but %.2f or more of the lost routes passed an element, %.0f %% or more of the routes through it are lost, "+
			"and fewer than %d other networks were seen there", explainsAll, 100*stuckLost, MinSurvivors)
	}
	return fmt.Sprintf("less than %.0f %% of those asked lost the routes, or it is not known which way they took", 100*goOnShare)
}
