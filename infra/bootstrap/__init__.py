"""What Pulumi needs in an account before it can run: a bucket for the state, a key for secrets, GitHub as an identity.

`account` names what is made, `connection` reaches AWS, a module for each resource says what it is to be like,
`resource` compares that with what is there, `run` does it in order, and `report` prints it.
"""
