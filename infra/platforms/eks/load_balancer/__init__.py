"""How requests from outside arrive: load balancers as Pulumi's own resources, and the controller that fills them."""
