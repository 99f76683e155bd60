"""What `pulumi up` would make, told without an account, an engine or a network.

The whole program runs in this process against answers made up here (`capture`); everything else is a pure function of
the graph of resources that it asked for.
"""
