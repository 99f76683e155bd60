"""The machines of a cluster: pools of managed node groups, one group per zone."""
