module example.test/stuckd

go 1.21
