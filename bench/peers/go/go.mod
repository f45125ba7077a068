module sepal/peers

go 1.19
