"""Access explained: who may do what and by which rule, who could grant it, what a change of roles would do, and who uses their rights."""
